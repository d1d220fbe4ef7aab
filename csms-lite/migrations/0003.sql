-- A password that the station was told to use, and whether what became of that will still be told.
ALTER TABLE stations ADD COLUMN offered_password TEXT;
ALTER TABLE stations ADD COLUMN offer_under_way BIGINT NOT NULL DEFAULT 0;
