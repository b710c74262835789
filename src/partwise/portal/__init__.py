"""The portal: topics, similar articles and lists for readers as a running service (``partwise serve``)."""
