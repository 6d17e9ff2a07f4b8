variable "project" {
  description = "Id of the Google Cloud project."
  type        = string
}

variable "region" {
  description = "Region of the bucket, the images and the runs."
  type        = string
  default     = "us-central1"
}

variable "bucket" {
  description = "Name of the bucket for artifacts and pushed models; by default PROJECT-sluice."
  type        = string
  default     = null
}

variable "keep_days" {
  description = "Days after which artifacts of runs are removed; pushed models stay."
  type        = number
  default     = 90
}

variable "submitters" {
  description = "Who may submit and schedule: user:…, group:…, serviceAccount:…."
  type        = set(string)
  default     = []
}

variable "alert_emails" {
  description = "Who is told by mail when a run fails."
  type        = set(string)
  default     = []
}
