"""Everything an account holds as files: CSV, a workbook, and a ZIP that comes back without loss."""
