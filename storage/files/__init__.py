"""Pictures and footage as files: folders, buckets, keys, encryption."""
