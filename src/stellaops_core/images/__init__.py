"""Images: where they come from, what a layer's tar holds."""
