package cli

import (
	"path/filepath"
	"runtime"
)

// defaultData is the user's data directory, where the system wants such things.
func defaultData(getenv func(string) string) string {
	if dir := getenv("CARNET_DATA"); dir != "" {
		return dir
	}
	home := getenv("HOME")
	switch runtime.GOOS {
	case "windows":
		return filepath.Join(getenv("LocalAppData"), "carnet")
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "carnet")
	}
	if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) { // the XDG specification ignores relative ones
		return filepath.Join(dir, "carnet")
	}
	return filepath.Join(home, ".local", "share", "carnet")
}
