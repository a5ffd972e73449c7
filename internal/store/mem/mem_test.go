package mem_test

import (
	"testing"

	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/drivertest"
	"carnet.dev/carnet/internal/store/mem"
)

func TestDriver(t *testing.T) {
	drivertest.Run(t, func(*testing.T) func() (driver.Driver, error) {
		data := mem.New()
		return func() (driver.Driver, error) { return data.Open(), nil }
	})
}
