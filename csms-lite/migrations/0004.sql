-- What the station told last of the upload of a log and of an update of its firmware.
ALTER TABLE stations ADD COLUMN log_status TEXT;
ALTER TABLE stations ADD COLUMN firmware_status TEXT;
