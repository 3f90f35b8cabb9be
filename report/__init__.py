"""Results for reading without a web server: report, statement, package, tables."""
