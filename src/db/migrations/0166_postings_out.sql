-- What the index of the board reads: what is out, in the order of publication, when the server starts; what was changed meanwhile, by other nodes.
CREATE INDEX postings_out ON postings (state, published_at, id);
CREATE INDEX postings_updated ON postings (updated_at);
-- Searches, counts and orders are the index's: nothing asks these any more.
DROP INDEX postings_facets;
DROP INDEX postings_pay;
DROP TABLE posting_search;
