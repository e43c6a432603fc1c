"""Where a library keeps files: its folder, rows of its database, or S3-compatible storage."""
