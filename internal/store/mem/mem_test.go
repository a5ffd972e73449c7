package mem_test

import (
	"testing"

	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/drivertest"
	"carnet.dev/carnet/internal/store/mem"
)

func TestDriver(t *testing.T) {
	drivertest.Run(t, func(*testing.T) drivertest.Data {
		data := mem.New()
		return drivertest.Data{Open: func() (driver.Driver, error) { return data.Open(), nil }, Away: data.Away}
	})
}
