"""Files that are read with suspicion and written whole: tables, arrays, tensors."""

__all__ = [
    "array_files",
    "atomic_write",
    "csv_files",
    "safe_files",
    "table_columns",
    "table_files",
    "tensor_file",
    "tensor_header",
]
