package cli

import (
	"path/filepath"
	"runtime"
)

// defaultData is the user's data directory, where the system wants such things; "" if the environment does not tell.
func defaultData(getenv func(string) string) string {
	if dir := getenv("CARNET_DATA"); dir != "" {
		return dir
	}
	inside, below := "HOME", filepath.Join(".local", "share")
	switch runtime.GOOS {
	case "windows":
		inside, below = "LocalAppData", ""
	case "darwin":
		below = filepath.Join("Library", "Application Support")
	default:
		if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) { // the XDG specification ignores relative ones
			return filepath.Join(dir, "carnet")
		}
	}
	if getenv(inside) == "" {
		return ""
	}
	return filepath.Join(getenv(inside), below, "carnet")
}
