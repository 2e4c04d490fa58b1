CREATE TABLE product (name TEXT PRIMARY KEY, price TEXT NOT NULL);
INSERT INTO product VALUES ('Kettle', '24.90'), ('Lamp', '39.00'), ('Teapot', '18.50');
