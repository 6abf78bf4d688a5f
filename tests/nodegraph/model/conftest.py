import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent)]  # `ridge_by_hand` is no test
