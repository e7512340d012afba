DROP TABLE posting_words;
