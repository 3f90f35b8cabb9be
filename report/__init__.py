"""What is written for people without a web server: report, statement, package, tables."""
