"""What people look at and are woken by: Grafana's dashboards, Prometheus' rules, Alertmanager's routes, runbooks."""
