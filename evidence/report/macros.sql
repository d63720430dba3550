-- The words of a severity, as the KPI tables have them.
create or replace temp macro report_severity(severity) as
    coalesce(['informational', 'low', 'medium', 'high', 'critical', 'fatal'][severity], 'unknown');
