package lib.images

default tag(_) := "latest"

tag(image) := parts[1] if {
	parts := split(image, ":")
	count(parts) == 2
}
