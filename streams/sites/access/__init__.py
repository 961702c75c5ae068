"""Who may do what on the cluster: sites each for itself, the platform's processes what they need."""
