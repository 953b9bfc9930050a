"""The domain logic: plain functions marked @reads or @writes, one file a noun."""
