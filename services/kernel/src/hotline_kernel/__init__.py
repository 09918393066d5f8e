"""What every service of the hotline shares, written once. It knows no service and no noun of theirs."""
