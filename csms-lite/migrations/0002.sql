-- The highest security profile that the station came with: it is not let in with a lower one.
ALTER TABLE stations ADD COLUMN security_profile BIGINT NOT NULL DEFAULT 0;
