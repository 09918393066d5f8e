"""Everything on one machine: private servers, the processes of all services, an invented city."""
