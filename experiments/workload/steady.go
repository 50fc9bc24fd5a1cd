package workload

// steadyConn is a connection of DBUtils, whose inner connection can be replaced.
// Persistent workers have one each, pooled ones share them through the pool.
type steadyConn struct {
	*Conn // nil if it was never opened
	// uses counts the successful statements of the inner connection.
	uses int
}

// renew opens a new inner connection and then closes the old one; if it cannot,
// the old one stays.
func (c *steadyConn) renew(d *Driver) error {
	fresh, err := d.Connect(0)
	if err == nil {
		c.replace(fresh)
	}
	return err
}

func (c *steadyConn) replace(fresh *Conn) {
	if c.Conn != nil {
		c.Close()
	}
	c.Conn, c.uses = fresh, 0
}
