"""Cases: the response chain from report to call-back. The first professional system; later ones copy its shape."""
