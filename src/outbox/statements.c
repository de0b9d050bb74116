/*
 * See statements.h.
 */
#include "outbox/statements.h"

#define COMMON                                                                                     \
	"id,epoch,sequence,device,device_sequence,bed,patient,association,metric,kind,value,"      \
	"exponent,validity,clock,received,\"time\",\"group\",source_key,flags,aged,\"check\",more"
#define MORE                                                                                       \
	"time_source,device_time,origin,auth,instance,reason,period,site,method,sample,raw,"       \
	"raw_exponent,raw_unit,\"by\""
#define EVENT "id,epoch,sequence,kind,aged,\"check\",topic,body"

const char *const statement_sql[_STATEMENT_MAX] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_SAVE_LEDGER] =
		"UPDATE ledger SET readings=?1,events=?2,asides=?3,last=?4,owed=?5,clock=?6,"
		"boot=?7,uptime=?8 WHERE id=1",
	[SQL_PAGE_COUNT] = "PRAGMA page_count",
	[SQL_FREE_COUNT] = "PRAGMA freelist_count",
	[SQL_ADD_NAME] = "INSERT OR IGNORE INTO name(id,text,\"check\") VALUES(?1,?2,?3)",
	[SQL_ADD_READING] =
		"INSERT OR IGNORE INTO reading(" COMMON "," MORE ") VALUES("
		"?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[SQL_ADD_EVENT] = "INSERT OR IGNORE INTO event(" EVENT ") VALUES(?,?,?,?,?,?,?,?)",
	[SQL_ADD_ASIDE] = "INSERT OR IGNORE INTO aside(id,since,tries,reason) VALUES(?1,?2,?3,?4)",
	[SQL_ADD_OWED] = "INSERT OR IGNORE INTO owed(id,kind,epoch,first,last,count,reason)"
			 " VALUES(?1,?2,?3,?4,?5,?6,?7)",
	[SQL_DELETE_READINGS] = "DELETE FROM reading WHERE id BETWEEN ?1 AND ?2",
	[SQL_DELETE_EVENTS] = "DELETE FROM event WHERE id BETWEEN ?1 AND ?2",
	[SQL_DELETE_ASIDES] = "DELETE FROM aside WHERE id BETWEEN ?1 AND ?2",
	[SQL_DELETE_READING_ASIDES] = "DELETE FROM aside WHERE id BETWEEN ?1 AND ?2"
				      " AND id NOT IN (SELECT id FROM event)",
	[SQL_DELETE_OWED] = "DELETE FROM owed WHERE id=?1",
	[SQL_CLEAR_NAMES] = "DELETE FROM name",
	[SQL_READ_READINGS] = "SELECT " COMMON " FROM reading WHERE id>=?1 ORDER BY id LIMIT ?2",
	[SQL_READ_MORE] = "SELECT " MORE " FROM reading WHERE id=?1",
	[SQL_READ_READINGS_DOWN] =
		"SELECT " COMMON " FROM reading WHERE id<=?1 ORDER BY id DESC LIMIT ?2",
	[SQL_READ_EVENTS] = "SELECT " EVENT " FROM event WHERE id>=?1 ORDER BY id LIMIT ?2",
	[SQL_READ_EVENTS_DOWN] =
		"SELECT " EVENT " FROM event WHERE id<=?1 ORDER BY id DESC LIMIT ?2",
	[SQL_READ_NAMES] = "SELECT id,text,\"check\" FROM name ORDER BY id",
	[SQL_READ_OWED] =
		"SELECT id,kind,epoch,first,last,count,reason FROM owed ORDER BY id LIMIT ?1",
	[SQL_READ_ASIDES] = "SELECT id,since,tries,reason FROM aside ORDER BY id LIMIT ?1",
	[SQL_FIND_OWED_EPOCH] = "SELECT id FROM owed WHERE kind=2 AND epoch=?1",
	[SQL_FIND_KEYS] = "SELECT source_key,sequence,epoch,device,id FROM reading WHERE id<?2"
			  " ORDER BY id DESC LIMIT ?1",
	[SQL_FIND_LAST_READING] = "SELECT max(id) FROM reading",
	[SQL_FIND_LAST_EVENT] = "SELECT max(id) FROM event",
	[SQL_FIND_OLDEST] = "SELECT received FROM reading ORDER BY id LIMIT 1",
	[SQL_FIND_OLDEST_AGED] = "SELECT aged FROM reading ORDER BY id LIMIT 1",
	[SQL_FIND_READING_BEFORE] =
		"SELECT id,epoch,sequence FROM reading WHERE id<?1 ORDER BY id DESC"
		" LIMIT 1",
	[SQL_FIND_READING_AFTER] =
		"SELECT id,epoch,sequence FROM reading WHERE id>?1 ORDER BY id LIMIT 1",
	[SQL_FIND_EVENT_BEFORE] = "SELECT id,epoch,sequence FROM event WHERE id<?1 ORDER BY id DESC"
				  " LIMIT 1",
	[SQL_FIND_EVENT_AFTER] =
		"SELECT id,epoch,sequence FROM event WHERE id>?1 ORDER BY id LIMIT 1",
	[SQL_SCAN_READINGS] = "SELECT id,epoch,sequence,aged FROM reading WHERE id>=?1 ORDER BY id"
			      " LIMIT ?2",
	[SQL_SCAN_EVENTS] =
		"SELECT id,epoch,sequence,aged FROM event WHERE id>=?1 ORDER BY id LIMIT ?2",
	[SQL_READ_SALVAGE] = "SELECT file,last,phase,low,low_epoch,low_sequence,high,high_epoch,"
			     "high_sequence FROM salvage WHERE id=1",
	[SQL_SAVE_SALVAGE] =
		"INSERT OR REPLACE INTO salvage(id,file,last,phase,low,low_epoch,"
		"low_sequence,high,high_epoch,high_sequence) VALUES(1,?,?,?,?,?,?,?,?,?)",
	[SQL_END_SALVAGE] = "DELETE FROM salvage",
	[SQL_ADD_DETAIL] = "INSERT OR IGNORE INTO detail(id,text) VALUES(?1,?2)",
	[SQL_READ_DETAIL] = "SELECT text FROM detail WHERE id=?1",
	[SQL_DELETE_DETAILS] = "DELETE FROM detail WHERE id BETWEEN ?1 AND ?2",
	[SQL_HAS_DETAILS] = "SELECT count(*) FROM (SELECT 1 FROM detail LIMIT 1)",
	[SQL_ADD_AUDIT] = "INSERT OR IGNORE INTO audit(number,entry,hash) VALUES(?1,?2,?3)",
	[SQL_READ_AUDIT] =
		"SELECT number,entry,hash FROM audit WHERE number>=?1 ORDER BY number LIMIT ?2",
	[SQL_DELETE_AUDITS] = "DELETE FROM audit WHERE number<=?1",
	[SQL_READ_CHAIN] = "SELECT base,base_hash,head,head_hash FROM chain WHERE id=1",
	[SQL_SAVE_CHAIN] =
		"INSERT OR REPLACE INTO chain(id,base,base_hash,head,head_hash) VALUES(1,?,?,?,?)",
};
