-- Deleted records are found by their age; the other tables have it as the first column of their indexes.

CREATE INDEX deleted ON call_summary (deleted_at);
