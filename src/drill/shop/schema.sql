CREATE TABLE IF NOT EXISTS product (name TEXT PRIMARY KEY, price TEXT NOT NULL);
INSERT OR IGNORE INTO product VALUES ('Kettle', '24.90'), ('Lamp', '39.00'), ('Teapot', '18.50');
