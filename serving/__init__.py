"""HTTP server of SavedModels: TensorFlow Serving's REST, Vertex AI's contract, and a page."""
