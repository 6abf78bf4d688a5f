"""Files that are read with suspicion and written whole: tables, arrays, tensors."""

__all__ = [
    "array_files",
    "atomic_write",
    "csv_files",
    "dialect",
    "gap_filling",
    "numerals",
    "parquet_files",
    "safe_files",
    "table_columns",
    "table_files",
    "table_times",
    "tensor_file",
    "tensor_header",
    "text_blocks",
    "text_lines",
]
