import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent)]  # `keys_tried` is no test
