# Who is told when a run fails. Pipelines that TFX compiles have no exit handler, and a step can't
# tell of its own death; Vertex writes how each run ended to Cloud Logging, whatever ended it.

resource "google_logging_metric" "failed_runs" {
  name       = "sluice/failed-runs"
  filter     = <<-EOT
    resource.type="aiplatform.googleapis.com/PipelineJob"
    log_id("aiplatform.googleapis.com/pipeline_job_events")
    jsonPayload.state="PIPELINE_STATE_FAILED"
  EOT
  depends_on = [google_project_service.api]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

resource "google_monitoring_notification_channel" "mail" {
  for_each     = var.alert_emails
  display_name = "Sluice: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
  depends_on   = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "failed_runs" {
  count                 = length(var.alert_emails) > 0 ? 1 : 0
  display_name          = "A Sluice run failed"
  combiner              = "OR"
  notification_channels = [for channel in google_monitoring_notification_channel.mail : channel.name]

  conditions {
    display_name = "A run ended as failed"
    condition_threshold {
      filter          = "resource.type = \"aiplatform.googleapis.com/PipelineJob\" AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.failed_runs.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_SUM"
      }
    }
  }

  documentation {
    content = "See which: sluice runs --vertex; and why: sluice logs RUN (docs/when-a-run-fails.md)."
  }
}
