"""What a YAML graph is to learn: data, scores beside baselines, results, the report."""

__all__ = [
    "baselines",
    "examples",
    "experiment",
    "html_report",
    "run_folder",
    "task_data",
]
