"""Cloud Storage: its JSON API, and downloads of its XML API, over folders."""
