"""The steps, as plain functions over footage, faces and storage."""
