-- What can still be undone is looked up for each of an applicant's applications.
CREATE INDEX application_bulk_rows_application ON application_bulk_rows (application_id);
