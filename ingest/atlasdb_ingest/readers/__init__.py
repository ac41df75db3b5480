"""Opening files safely: what is damaged, too large or not what it says is refused."""
