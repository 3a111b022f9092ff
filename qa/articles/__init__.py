"""Files to articles: what is read of them, and which block is paragraph n."""
