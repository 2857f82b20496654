/** What the shop has before the story begins; one transaction. */
export const seed = `
BEGIN;

INSERT INTO publisher (id, name) VALUES
  ('blackwood', 'William Blackwood'),
  ('smith-elder', 'Smith, Elder & Co.'),
  ('newby', 'Thomas Cautley Newby'),
  ('murray', 'John Murray'),
  ('colburn', 'Henry Colburn'),
  ('constable', 'Archibald Constable');

INSERT INTO author (id, name) VALUES
  ('evans', 'Mary Ann Evans'),
  ('charlotte', 'Charlotte Brontë'),
  ('emily', 'Emily Brontë'),
  ('anne', 'Anne Brontë'),
  ('austen', 'Jane Austen'),
  ('shelley', 'Mary Shelley'),
  ('stoker', 'Bram Stoker');

INSERT INTO book (id, title, price, stock, author_id, publisher_id) VALUES
  ('clerical-life', 'Scenes of Clerical Life', 6.99, 3, 'evans', 'blackwood'),
  ('adam-bede', 'Adam Bede', 7.99, 5, 'evans', 'blackwood'),
  ('the-mill', 'The Mill on the Floss', 8.49, 8, 'evans', 'blackwood'),
  ('silas-marner', 'Silas Marner', 5.99, 12, 'evans', 'blackwood'),
  ('romola', 'Romola', 9.49, 2, 'evans', 'smith-elder'),
  ('felix-holt', 'Felix Holt', 8.99, 4, 'evans', 'blackwood'),
  ('middlemarch', 'Middlemarch', 11.99, 9, 'evans', 'blackwood'),
  ('deronda', 'Daniel Deronda', 10.99, 6, 'evans', 'blackwood'),
  ('jane-eyre', 'Jane Eyre', 8.99, 14, 'charlotte', 'smith-elder'),
  ('shirley', 'Shirley', 7.49, 3, 'charlotte', 'smith-elder'),
  ('villette', 'Villette', 8.49, 5, 'emily', 'smith-elder'),
  ('wuthering', 'Wuthering Heights', 7.99, 11, 'emily', 'newby'),
  ('agnes-grey', 'Agnes Grey', 6.49, 4, 'anne', 'newby'),
  ('wildfell', 'The Tenant of Wildfell Hall', 8.99, 5, 'anne', 'newby'),
  ('mansfield', 'Mansfield Park', 7.99, 6, 'austen', 'murray'),
  ('emma', 'Emma', 7.49, 13, 'austen', 'murray'),
  ('northanger', 'Northanger Abbey', 6.49, 7, 'austen', 'murray'),
  ('frankenstein', 'Frankenstein', 6.99, 15, 'shelley', 'colburn'),
  ('last-man', 'The Last Man', 9.99, 1, 'shelley', 'colburn'),
  ('dracula', 'Dracula', 7.99, 16, 'stoker', 'constable');

INSERT INTO review (id, book_id, reader, stars) VALUES
  (1, 'middlemarch', 'Virginia', 5),
  (2, 'middlemarch', 'Henry', 4),
  (3, 'silas-marner', 'Ruth', 4),
  (4, 'romola', 'Otto', 2),
  (5, 'jane-eyre', 'Adele', 5),
  (6, 'jane-eyre', 'Bertha', 1),
  (7, 'villette', 'Paul', 4),
  (8, 'wuthering', 'Nelly', 5),
  (9, 'wildfell', 'Helen', 5),
  (10, 'emma', 'Harriet', 4),
  (11, 'emma', 'Walter', 5),
  (12, 'northanger', 'Isabella', 3),
  (13, 'frankenstein', 'Percy', 5),
  (14, 'dracula', 'Mina', 4),
  (15, 'dracula', 'Arthur', 3);

INSERT INTO tag (id, name) VALUES (1, 'provincial life'), (2, 'romance'), (3, 'satire'), (4, 'horror');

INSERT INTO book_tag (book_id, tag_id) VALUES
  ('clerical-life', 1), ('adam-bede', 1), ('the-mill', 1), ('silas-marner', 1), ('middlemarch', 1),
  ('jane-eyre', 2), ('shirley', 2), ('villette', 2), ('wildfell', 2), ('mansfield', 2), ('emma', 2),
  ('emma', 3), ('northanger', 3), ('frankenstein', 4), ('dracula', 4);

COMMIT;
`
