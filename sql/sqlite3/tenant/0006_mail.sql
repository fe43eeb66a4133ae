-- The language of mails to an account ("de"); NULL: not chosen.
ALTER TABLE account ADD COLUMN language TEXT;
