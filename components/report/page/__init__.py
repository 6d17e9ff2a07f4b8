"""The page: report.json as HTML that needs nothing else. Imports nothing slow."""
