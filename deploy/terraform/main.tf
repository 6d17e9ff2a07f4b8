# What Sluice needs of a project. The schedule itself is made by `sluice schedule create`, since it
# holds the compiled pipeline.

locals {
  bucket = coalesce(var.bucket, "${var.project}-sluice")
  apis = [
    "aiplatform.googleapis.com",
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "bigquerystorage.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "dataflow.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
  ]
  # What steps do: read tables, train, deploy, write logs. Buckets and images are granted apart.
  runner_roles = [
    "roles/aiplatform.user",
    "roles/bigquery.dataViewer",
    "roles/bigquery.jobUser",
    "roles/bigquery.readSessionUser",
    "roles/logging.logWriter",
  ]
  # What people do: submit, schedule, look at logs, see what is enabled.
  submitter_roles = [
    "roles/aiplatform.user",
    "roles/bigquery.jobUser",
    "roles/logging.viewer",
    "roles/serviceusage.serviceUsageViewer",
  ]
  submitter_grants = {
    for pair in setproduct(var.submitters, local.submitter_roles) : "${pair[0]} ${pair[1]}" => pair
  }
}

resource "google_project_service" "api" {
  for_each           = toset(local.apis)
  service            = each.value
  disable_on_destroy = false
}

resource "google_storage_bucket" "runs" {
  name                        = local.bucket
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  depends_on                  = [google_project_service.api]

  lifecycle_rule {
    condition {
      age            = var.keep_days
      matches_prefix = ["sluice/pipelines/"]
    }
    action {
      type = "Delete"
    }
  }
}

resource "google_artifact_registry_repository" "images" {
  repository_id = "sluice"
  location      = var.region
  format        = "DOCKER"
  description   = "Images that steps run in and models are served by"
  depends_on    = [google_project_service.api]
}

resource "google_service_account" "runner" {
  account_id   = "sluice-runner"
  display_name = "Steps of Sluice pipelines"
}

resource "google_project_iam_member" "runner" {
  for_each = toset(local.runner_roles)
  project  = var.project
  role     = each.value
  member   = google_service_account.runner.member
}

resource "google_storage_bucket_iam_member" "runner" {
  for_each = toset(["roles/storage.objectUser", "roles/storage.legacyBucketReader"])
  bucket   = google_storage_bucket.runs.name
  role     = each.value
  member   = google_service_account.runner.member
}

resource "google_artifact_registry_repository_iam_member" "runner" {
  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.runner.member
}

# Steps that start CustomJobs and deploy models do so as the same account.
resource "google_service_account_iam_member" "runner_as_itself" {
  service_account_id = google_service_account.runner.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.runner.member
}

resource "google_project_iam_member" "submitter" {
  for_each = local.submitter_grants
  project  = var.project
  role     = each.value[1]
  member   = each.value[0]
}

resource "google_service_account_iam_member" "submitter" {
  for_each           = var.submitters
  service_account_id = google_service_account.runner.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}

resource "google_storage_bucket_iam_member" "submitter" {
  for_each = var.submitters
  bucket   = google_storage_bucket.runs.name
  role     = "roles/storage.objectViewer"
  member   = each.value
}
