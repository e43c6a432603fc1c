"""Routes in the forms of other servers, for the clients that programs already have."""
