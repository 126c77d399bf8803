"""The annotation server: handlers that translate HTTP into commands of sessions."""
