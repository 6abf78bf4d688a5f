"""What a YAML graph is to learn: data, scores beside baselines, results, the report."""

__all__ = [
    "baselines",
    "examples",
    "experiment",
    "html_report",
    "result_figures",
    "result_tables",
    "run_folder",
    "task_data",
    "task_source",
    "trials",
]
