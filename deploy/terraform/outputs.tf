output "root" {
  description = "vertex.root of recipes."
  value       = "gs://${google_storage_bucket.runs.name}/sluice"
}

output "service_account" {
  description = "vertex.service_account of recipes."
  value       = google_service_account.runner.email
}

output "images" {
  description = "_REPOSITORY of deploy/cloudbuild.yaml."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}
