"""A shop: tills are dispatchers, discounts are tools, the stock is a plug-in."""
