"""What a release's code needs of the schema, recorded, and held against later schemas."""
