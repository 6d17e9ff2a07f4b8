"""The schema of pictures: what SchemaGen infers, and what is known of them beforehand."""
