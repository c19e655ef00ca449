"""Problem packages in the ICPC/Kattis format: reading, checking, importing and exporting.

https://www.kattis.com/problem-package-format/ — the legacy version, and 2023-07-draft where it differs.
"""

from judge.packages.reading import Package, parse_package
from judge.packages.sources import read_folder, read_zip

__all__ = ["Package", "parse_package", "read_folder", "read_zip"]
