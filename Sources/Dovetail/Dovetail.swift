// Dovetail
